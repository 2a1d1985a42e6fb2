"""Where people join: campaigns, what they brought and cost, and the way to each of them."""
