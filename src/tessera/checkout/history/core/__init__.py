"""What is added to a history (`contents`) and what is asked of it (`needs`), pure."""
