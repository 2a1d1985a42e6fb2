"""Charts as values, drawn by a process of its own."""

from tessera.doors.charts.chart import Chart, Figure, Spec, csv_of
from tessera.doors.charts.drawer import Drawer

__all__ = ["Chart", "Drawer", "Figure", "Spec", "csv_of"]
