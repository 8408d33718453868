"""The sample MateCost: a small stand-in for the real service, so that the gate has something to stand before.

It is an ordinary Flask application that knows neither the gate nor the portal, as a real host would not.
"""
