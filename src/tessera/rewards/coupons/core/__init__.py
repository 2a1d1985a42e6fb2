"""What a coupon is: its code, its states, who may use it how often. Pure."""
