"""Attacks that have to survive a print, a camera or a sticker, and what stands for those."""
