"""Records: processes, networks and solutions as JSON and NPZ."""
