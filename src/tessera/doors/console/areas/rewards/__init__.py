"""The catalogue of rewards, stock, pools of codes, and claims to be handed over or sent."""
