"""The only code that knows more than one stage."""
