"""What repairs a finding: typed actions, the plan, and the hands that carry it out."""
