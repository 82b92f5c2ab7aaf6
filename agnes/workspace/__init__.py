"""An analyst's folder: data, metrics and instructions for an agent, made and kept by `da`."""
