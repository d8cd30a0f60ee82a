"""Systems under test (被测系统) behind one small interface: an observation in, a command out.

``interface``  what a driver gets and gives; anything that has ``begin`` and ``drive`` can be tested
``seat``       sits a driver into a playing scenario: what it senses and hears, and how its vehicle moves
``reference``  a plain driver of our own: IDM, stops at red, yields, passes
``faulty``     the same driver with one ability missing each
``competent``  the careful human of UN R157, Reg157, RSS and FSM as yardsticks for cut-ins
``remote``     a driver that lives behind the broker
"""
