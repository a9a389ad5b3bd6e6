"""What exported files ask of a device."""
