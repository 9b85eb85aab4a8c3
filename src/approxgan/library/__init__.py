"""The estimators in one's own loop: any loss, any tensors, any torch optimiser."""
