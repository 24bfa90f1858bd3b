"""Decision problems in general form: influence diagrams and their optimal policies."""
