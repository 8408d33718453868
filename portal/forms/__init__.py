"""Forms: what a page sent, read once into plain values. No form decides anything; the services do."""
