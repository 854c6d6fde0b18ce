"""Has a static site released when its pages change, and shows when they are live."""
