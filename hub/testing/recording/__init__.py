"""Recording a system's answers with everything personal replaced, and answering from such a recording.

tape       what went over the wire, kept in memory while a connection is only read
kinds      what a field is: an id, a phone, a name, a code that may stay
invented   the replacements: of the same shape, the same for the same value, made by chance and forgotten
scrub      an exchange with its values replaced, and the report of what stayed
leaks      the last look: no personal value of before is anywhere in what will be written
fixture    the files
replay     a recording answers in the system's place
session    one recording from sign-in to folder
seed       the rows of a recording in our own words, and a twin that takes them
"""
