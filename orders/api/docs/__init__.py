"""The API's documentation: the page, its samples and the OpenAPI description."""
