"""What became of a report's recommendations: recommendation, response, commitment, evidence, assessment.

A library and a command; no server is needed, and none is imported.
"""
