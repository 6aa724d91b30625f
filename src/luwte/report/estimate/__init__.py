"""The chapter about those whom no list has: a page of its own, and its drawings."""
