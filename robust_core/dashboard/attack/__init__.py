"""The page Attack: the tabs below the pictures, and the ZIP file that repeats the experiment."""
