// Shows the OpenAPI document. A file of its own, as the page allows no script in itself.
"use strict";

const calls = document.getElementById("calls");

SwaggerUIBundle({
  url: calls.dataset.document,
  domNode: calls,
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  // No badge of an outside validator.
  validatorUrl: null,
});
