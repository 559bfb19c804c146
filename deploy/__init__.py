"""Files to deploy wpsync with, and programs that check and pin them."""
