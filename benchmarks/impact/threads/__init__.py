"""Which calls leave the event loop free when a thread runs them: the longest gap of the loop meanwhile.

One call into C that never releases the interpreter stops the loop from a thread just as it would from the loop itself.
Each module beside this one drives the calls of some libraries: those that compute one by one, of those that wait one for
each library, as all calls of a client wait in the same place.
"""
