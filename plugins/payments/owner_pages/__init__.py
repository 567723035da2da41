"""The owner's pages below /owner: payments, enrolments, coupons, webhooks, and what differs from the providers."""
