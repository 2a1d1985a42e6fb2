"""One's levels: where one stands, what comes next, what it brings."""
