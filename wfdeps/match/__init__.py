"""Pure: what a ref says, what the library and the sources answered → how it is settled, and why.

Nothing here asks anybody: `queries` and `rounds` say what to ask, `evidence` weighs what came back, `decide`
draws the line. A name alone never passes as certain.
"""
