"""Charts as values, drawn by a process of its own."""

from tessera.doors.web.charts.chart import Chart, Figure, Spec, csv_of
from tessera.doors.web.charts.drawer import Drawer

__all__ = ["Chart", "Drawer", "Figure", "Spec", "csv_of"]
