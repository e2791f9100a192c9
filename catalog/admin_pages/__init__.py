"""Admin pages of the catalog: providers, services, margins, syncs and service types."""
