"""Files: what they are called, what they are, and where their bytes are kept. No rule about tickets is in here."""
