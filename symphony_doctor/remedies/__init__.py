"""What repairs a finding."""
