"""What a person looks at: sentences, pictures, the report's page."""
