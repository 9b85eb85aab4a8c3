"""What happens to GAN training when the exact gradient is replaced by an approximate one?"""

__version__ = "0.1.0"
