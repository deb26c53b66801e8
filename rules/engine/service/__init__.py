"""Whether and how often requests get to code, what lives for how long, and what endpoints take and answer."""
