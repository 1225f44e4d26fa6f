"""The questions this study asks, one file a question or an organ."""
