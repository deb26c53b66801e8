"""What each rule's advice is worth: its slow and its fast form as endpoints of a real application, under load.

`make bench-impact [RULE="FP101 FP201"]` writes `rules/measured.json`. The pieces: `pair` (how a case is written), `cases`
(one module per rule), `service` (the application of one form), `surroundings` (PostgreSQL, Redis, an upstream), `load`
(the clients), `rounds` (A B B A and the ratios), `threads` (which calls leave the event loop free when a thread runs them).
"""
