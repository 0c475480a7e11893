"""Who could buy whom on a day: the door to what is known, and the service that writes the matches."""
