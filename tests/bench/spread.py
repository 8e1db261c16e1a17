"""What several measurements of one thing say."""

import statistics


def spread(values):
    """Median and quartiles, by linear interpolation between the values in order."""
    if len(values) == 1:
        return {"lower_quartile": values[0], "median": values[0], "upper_quartile": values[0]}
    lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
    return {"lower_quartile": lower, "median": median, "upper_quartile": upper}
