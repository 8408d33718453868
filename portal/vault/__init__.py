"""Behind a second lock: secrets, signatures, wrapped keys and what is sealed under them."""
