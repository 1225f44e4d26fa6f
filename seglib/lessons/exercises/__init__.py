"""Questions with feedback: what is asked, what is answered, what is said to it."""
