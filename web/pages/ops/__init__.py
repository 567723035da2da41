"""The pages for those who look after the queue: overview, list of jobs, one job, many at once, periodic tasks. For the role ops alone."""
