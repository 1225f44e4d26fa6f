"""The static book: notebooks, report and documents as a site that opens without a network."""
