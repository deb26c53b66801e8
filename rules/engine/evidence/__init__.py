"""What was seen while a program ran: profiles, traces, its own tests; and what that says about findings."""
