"""Natural changes of test pictures: accuracy over strength, of networks trained in different ways."""
