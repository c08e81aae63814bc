"""The physical world, simulated: photographs, turned pictures, and road signs from several places."""
