"""Members that another program had, with what names them there."""
