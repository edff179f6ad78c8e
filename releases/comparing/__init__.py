"""Champion against challenger: what is known of both, and what is different about them."""
