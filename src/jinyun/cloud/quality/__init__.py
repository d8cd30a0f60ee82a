"""How true the picture is: what is sent is held against what must be, against other senders and against the street."""
