"""What several plugins stand on and none owns."""
