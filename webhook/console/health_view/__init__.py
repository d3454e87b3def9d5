"""What the page of health shows: what `check` finds, and the reviews of the last hour."""
